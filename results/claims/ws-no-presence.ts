import { formatQuantity } from "../quantities/format.ts";
import { type Claim, type Decidable, evidenceOf, present, seenOf, unmeasured } from "./claim.ts";

const scenario = "presence";
const [bare, chat] = ["websocket", "xmpp"] as const;
const variants = { cut: "cut off, 10 subscribers", unbuilt: "cut off, nothing built, 10 subscribers" } as const;

export const wsNoPresence: Claim = {
  id: "ws-no-presence",
  statement: "WebSocket has no messaging or presence of its own; a chat protocol must be added.",
  about: "WebSocket and XMPP",
  needs: [
    { experiment: scenario, targets: [bare], variants: Object.values(variants), counts: true },
    { experiment: scenario, targets: [chat], variants: [variants.cut], counts: true },
  ],
  flipsAt: "a user of WebSocket who hears of another although nobody built it, or one of XMPP who does not",
  decide(results) {
    const told = (target: string, variant: string, what: string) =>
      seenOf(results, "noticedFraction", { scenario, target, variant }, what);
    const alone = told(bare, variants.unbuilt, `${bare} by itself`);
    const native = told(chat, variants.cut, `${chat} by itself`);
    if (alone === undefined || native === undefined) {
      return unmeasured(
        "no cell cut a user off that others wait for, on a WebSocket where nothing is built and on XMPP",
      );
    }
    const built = told(bare, variants.cut, `${bare} with what an application builds`);
    const evidence = evidenceOf([alone, native], present(built));
    const cause = specifiedIn(results);
    const inShort = `told: bare ${formatQuantity(alone.value, "share")}, ${chat} ${formatQuantity(native.value, "share")}`;
    const verdict = alone.high === 0 && native.low > 0 ? "holds" : "does-not-hold";
    return { verdict, inShort, ...(cause !== undefined && { cause }), evidence };
  },
};

/** What says so, or would. */
const specifications = { [bare]: "RFC 6455", [chat]: "RFC 6121" } as const;

/** Where both are known: which of the two specifications has presence. */
function specifiedIn({ targets }: Decidable): string | undefined {
  const said = [chat, bare].flatMap((name) => {
    const target = targets.find(({ label }) => label === name);
    if (target === undefined) return [];
    const has = target.provides?.includes("presence") ?? false;
    return [`${name} ${has ? "specifies" : "does not specify"} presence (${specifications[name]})`];
  });
  return said.length < 2 ? undefined : said.join(", ");
}

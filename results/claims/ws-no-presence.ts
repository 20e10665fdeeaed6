import { type Claim, type Decidable, evidenceOf, present, seenOf, unmeasured, valueInWords } from "./claim.ts";

const scenario = "presence";
const [bare, chat] = ["websocket", "xmpp"] as const;
const variants = { status: "a status, 10 subscribers", cut: "cut off, 10 subscribers" } as const;

export const wsNoPresence: Claim = {
  id: "ws-no-presence",
  statement: "WebSocket has no messaging or presence of its own; a chat protocol must be added.",
  about: "WebSocket and XMPP",
  needs: [{ experiment: scenario, targets: [bare, chat], variants: Object.values(variants), counts: true }],
  flipsAt: "presence that WebSocket itself specifies",
  decide(results) {
    const told = (target: string, what: string) =>
      present(
        seenOf(results, "missingDeliveries", { scenario, target, variant: variants.status }, what),
        seenOf(results, "noticedFraction", { scenario, target, variant: variants.cut }, what),
      );
    const [built, native] = [
      told(bare, `${bare}, with what an application builds`),
      told(chat, `${chat}, by its specification`),
    ];
    if (built.length === 0 || native.length === 0) {
      return unmeasured("no cell told others of a user on WebSocket and on XMPP");
    }
    const evidence = evidenceOf(native, built);
    const isMissing = !specifies(results, bare) && specifies(results, chat);
    if (!isMissing) return { verdict: "does-not-hold", evidence };
    const missing = seenOf(results, "missingDeliveries", { scenario, target: bare, variant: variants.status });
    const inShort = [`${chat} brings it`, ...(missing ? [`built here: ${valueInWords(missing)} missing`] : [])].join(
      "; ",
    );
    return { verdict: "holds", inShort, evidence };
  },
};

const specifies = ({ targets }: Decidable, label: string): boolean =>
  targets.find((target) => target.label === label)?.provides?.includes("presence") ?? false;

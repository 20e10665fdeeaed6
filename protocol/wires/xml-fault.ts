/** The stream errors of RFC 6120 section 4.9.3 that reading XML can lead to. */
export type XmlFaultCondition =
  | "bad-format"
  | "bad-namespace-prefix"
  | "not-well-formed"
  | "policy-violation"
  | "restricted-xml"
  | "unsupported-encoding";

/** XML that RFC 6120 section 11 does not allow, or more of it than the limits do. */
export class XmlFault extends Error {
  readonly condition: XmlFaultCondition;

  constructor(condition: XmlFaultCondition, message: string) {
    super(message);
    this.name = "XmlFault";
    this.condition = condition;
  }
}

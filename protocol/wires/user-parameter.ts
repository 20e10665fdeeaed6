/** Parameter of the URL in which the users of a cluster say who they are, for a load balancer that balances by it. */
export const userParameter = "user";

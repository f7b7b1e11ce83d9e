/**
 * The policy `default`, which a new token has unless it is asked not to: OpenBao's, without what this server lacks (leases,
 * cubbyholes, identities, tools).
 */
export const DEFAULT_POLICY_TEXT = `# Tokens may look themselves up, renew and revoke themselves.
path "auth/token/lookup-self" {
    capabilities = ["read"]
}
path "auth/token/renew-self" {
    capabilities = ["update"]
}
path "auth/token/revoke-self" {
    capabilities = ["update"]
}

# They may ask what they may do.
path "sys/capabilities-self" {
    capabilities = ["update"]
}

# They may wrap what they have, look up a wrapping token, and unwrap.
path "sys/wrapping/wrap" {
    capabilities = ["update"]
}
path "sys/wrapping/lookup" {
    capabilities = ["update"]
}
path "sys/wrapping/unwrap" {
    capabilities = ["update"]
}
`;

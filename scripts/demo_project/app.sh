#!/bin/sh
# What a careless application prints at its start.
echo "connecting to $DATABASE_URL"
echo "stripe: {\"key\":\"$STRIPE_KEY\"}" >&2
printf 'authorization: Basic %s\n' "$(printf 'app:%s' "$STRIPE_KEY" | base64)"
echo "$TLS_PRIVATE_KEY" | sed 's/^/[tls] /'
echo "session secret has ${#SESSION_SECRET} characters"

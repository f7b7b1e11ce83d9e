#!/usr/bin/env bash
# OpenBao's command line against a server: BAO, VAULT_ADDR, VAULT_TOKEN and MOUNT in the environment. Prints "ok".
set -euo pipefail
bao() { "$BAO" "$@"; }
refused() { if "$@" >/dev/null 2>&1; then echo "not refused: $*"; exit 1; fi; }
same() { [ "$1" = "$2" ] || { echo "expected $2, got $1"; exit 1; }; }
M="-mount=$MOUNT"

bao status >/dev/null
bao login -no-print "$VAULT_TOKEN" 2>/dev/null
bao kv put "$M" app/db user=ada pass=x >/dev/null
bao kv put "$M" -cas=1 app/db user=ada pass=y >/dev/null
refused "$BAO" kv put "$M" -cas=1 app/db z=1
bao kv patch "$M" app/db extra=1 >/dev/null
same "$(bao kv get "$M" -field=extra app/db)" 1
same "$(bao kv get "$M" -version=1 -field=pass app/db)" x
bao kv rollback "$M" -version=1 app/db >/dev/null
same "$(bao kv get "$M" -field=pass app/db)" x
bao kv delete "$M" app/db >/dev/null
refused "$BAO" kv get "$M" -field=pass app/db # without -field it shows the metadata that there still is
bao kv undelete "$M" -versions=4 app/db >/dev/null
bao kv get "$M" app/db >/dev/null
bao kv destroy "$M" -versions=2 app/db >/dev/null
bao kv metadata put "$M" -custom-metadata=owner=ada -max-versions=7 app/db >/dev/null
bao kv metadata patch "$M" -custom-metadata=x=y app/db >/dev/null
metadata=$(bao kv metadata get "$M" app/db)
grep -q 'map\[owner:ada x:y\]' <<<"$metadata"
grep -q '^destroyed *true' <<<"$metadata"
same "$(bao kv list "$M" -format=json app/ | tr -d ' \n')" '["db"]'
bao kv metadata delete "$M" app/db >/dev/null
refused "$BAO" kv metadata get "$M" app/db

policy="path \"$MOUNT/data/app/*\" { capabilities = [\"create\", \"update\", \"read\"] }"
bao policy write app - <<<"$policy" >/dev/null
same "$(bao policy read app)" "$policy"
policies=$(bao policy list)
grep -qx app <<<"$policies"
token=$(bao token create -policy=app -ttl=1h -field=token 2>/dev/null)
bao token lookup "$token" >/dev/null
bao token renew "$token" >/dev/null
VAULT_TOKEN=$token bao kv put "$M" app/q a=b >/dev/null
VAULT_TOKEN=$token refused "$BAO" kv metadata get "$M" app/q
bao token revoke "$token" >/dev/null
VAULT_TOKEN=$token refused "$BAO" kv get "$M" app/q

wrapped=$(bao kv get "$M" -wrap-ttl=60s -format=json app/q | sed -n 's/.*"token": "\([^"]*\)".*/\1/p')
unwrapped=$(bao unwrap -format=json "$wrapped")
grep -q '"a": "b"' <<<"$unwrapped"
refused "$BAO" unwrap "$wrapped"
bao policy delete app >/dev/null
bao secrets list >/dev/null
echo ok

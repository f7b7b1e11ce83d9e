/** Version 1 of the KV engine, of which Coffer's own server has none, in a map. */
import type { InFront } from "./vault_double.ts";
import { json } from "./vault_double.ts";

const MOUNT = "/v1/kv1/";

export function kvV1InFront(): InFront {
  const kept = new Map<string, string>();
  return ({ method, path, body }) => {
    if (path === "/v1/sys/internal/ui/mounts/kv1") {
      return json(200, { data: { path: "kv1/", type: "kv", options: { version: "1" } } });
    }
    if (!path.startsWith(MOUNT)) return undefined;
    const name = path.slice(MOUNT.length);
    switch (method) {
      case "GET": {
        const data = kept.get(name);
        return data === undefined ? json(404, { errors: [] }) : new Response(`{"data":${data}}`);
      }
      case "PUT":
        kept.set(name, body);
        return new Response(null, { status: 204 });
      case "DELETE":
        kept.delete(name);
        return new Response(null, { status: 204 });
      default: {
        const below = [...kept.keys()].filter((key) => key.startsWith(name));
        const keys = [...new Set(below.map((key) => /^[^/]*\/?/.exec(key.slice(name.length))![0]))];
        return keys.length === 0 ? json(404, { errors: [] }) : json(200, { data: { keys } });
      }
    }
  };
}

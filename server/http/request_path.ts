/** The path of a request, decoded once. All that comes after works on what is returned here. */
import { Refusal } from "./refusal.ts";

const PREFIX = "/v1/";
/** Longer than `stack/metadata/` and the longest name; than any policy's or mount's path. */
const MAX_PATH_LENGTH = 1024;
/** With a query; a path may be three times as long as what it decodes to. */
const MAX_URL_LENGTH = 8192;

export interface RequestPath {
  /** Segments joined by `/`: what is after `/v1/`, without a final `/`. */
  readonly path: string;
  /** Whether there was a final `/`. */
  readonly folder: boolean;
  readonly query: URLSearchParams;
}

/**
 * @param url as the server got it: not through `new URL`, which resolves `..` and `%2e%2e` silently
 * @throws {Refusal} 400 for what could mean two things, 404 when it is not below `/v1/`, 414
 */
export function parseRequestPath(url: string): RequestPath {
  if (url.length > MAX_URL_LENGTH) throw new Refusal(414, "the URL is too long");
  const [target = "", search = ""] = cutAt(withoutOrigin(url), "?");
  const path = decode(target);
  if (!path.startsWith(PREFIX)) throw new Refusal(404);
  const folder = path.endsWith("/");
  const below = path.slice(PREFIX.length, folder && path !== PREFIX ? -1 : undefined);
  for (const segment of below.split("/")) {
    if (segment === "." || segment === "..") throw new Refusal(400, "relative paths not supported");
    if (segment === "") throw new Refusal(400, "the path has an empty segment");
  }
  return { path: below, folder, query: new URLSearchParams(search) };
}

/** What follows `scheme://host`, which `guardHeaders` has made sure holds no `/`. */
function withoutOrigin(url: string): string {
  const at = url.indexOf("/", url.indexOf("://") + 3);
  return at < 0 ? "/" : url.slice(at);
}

/**
 * Whatever is still `%` after decoding would be decoded again by somebody; no name of ours has one. Control characters
 * could forge lines of a log, a backslash is a `/` elsewhere.
 */
function decode(target: string): string {
  let path: string;
  try {
    path = decodeURIComponent(target);
  } catch {
    throw new Refusal(400, "the path is not URL-encoded UTF-8");
  }
  // deno-lint-ignore no-control-regex
  if (path.length > MAX_PATH_LENGTH || /[\u0000-\u001f\u007f-\u009f\u2028\u2029\\%#]/.test(path)) {
    throw new Refusal(400, "the path has characters that no path has, or too many");
  }
  return path;
}

function cutAt(text: string, mark: string): string[] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

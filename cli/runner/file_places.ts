/** Where a file can be exchanged: Kubernetes and deployment tools exchange a symbolic link on the way to it. */

/** More than any system follows, so that two that point at each other end. */
const MAX_LINKS = 64;

/** The file itself and every symbolic link on the way, as absolute paths. What does not exist is taken as no link. */
export function placesOf(file: string): string[] {
  const places: string[] = [];
  const rest = (file.startsWith("/") ? file : `${Deno.cwd()}/${file}`).split("/").reverse();
  let at = "";
  while (rest.length > 0 && places.length < MAX_LINKS) {
    const name = rest.pop()!;
    if (name === "" || name === ".") continue;
    if (name === "..") {
      at = at.slice(0, at.lastIndexOf("/"));
      continue;
    }
    const path = `${at}/${name}`;
    const target = targetOf(path);
    if (target === undefined) {
      at = path;
      continue;
    }
    places.push(path);
    if (target.startsWith("/")) at = "";
    rest.push(...target.split("/").reverse());
  }
  return [...places, at];
}

function targetOf(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return undefined; // no link
  }
}

/** A behaviour of docs/architecture.md, and the files that a reader opens to follow it. */
export interface Walk {
  /** Its heading, such as "A GetUser". */
  readonly name: string;
  readonly files: readonly string[];
}

/**
 * Reads the walks of a page: each section whose heading begins with "A", and the paths of source files in it.
 */
export function readWalks(page: string): Walk[] {
  return page
    .split(/^## /m)
    .slice(1)
    .map((section) => ({
      name: section.split('\n', 1)[0] ?? '',
      files: [...new Set([...section.matchAll(/`([\w.-]+\/[^`\s]*\.ts)`/g)].map(([, path = '']) => path))],
    }));
}

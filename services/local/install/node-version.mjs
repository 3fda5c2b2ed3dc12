/** The Node that the services need: it runs their .ts files as they are, and has `await using`. */
export const NODE_MAJOR = 24;

/**
 * Returns the fault of the Node that the npm scripts will run under. The npm package that brings Node 24
 * exists for Linux on x64 and arm64; elsewhere the machine's own must do.
 * @param {{ hasPackagedNode: boolean, version?: string }} found `version` defaults to that of the running
 * process
 * @returns {string | undefined} one line with the cure; undefined when all is well
 */
export function nodeFault({ hasPackagedNode, version = process.versions.node }) {
  if (hasPackagedNode || Number(version.split('.')[0]) >= NODE_MAJOR) return undefined;
  return `Rollcall needs Node ${NODE_MAJOR}, this is ${version}, and npm has none for ${process.platform}-${process.arch}: install it from https://nodejs.org and start again.`;
}

import manifest from "../package.json" with { type: "json" };

/** The version of this release, as ServerMetadata tells it. */
export const serverVersion: string = manifest.version;

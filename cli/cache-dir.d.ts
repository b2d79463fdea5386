/** SLUICE_CACHE, or the folder of the user's caches. */
export function toCacheDir(env: Readonly<Record<string, string | undefined>>): string;

import { stat } from "node:fs/promises";
import type { Place } from "../bulk/format.ts";
import { unreadable } from "../bulk/input-file.ts";
import { openTable, type Table } from "../bulk/table.ts";

/** Opens a file that is not standard input. */
export async function openPlace(place: Place): Promise<Table> {
  const found = await stat(place.path).catch((error: unknown) => {
    throw unreadable(place.path, error);
  });
  return await openTable(place, found.size);
}

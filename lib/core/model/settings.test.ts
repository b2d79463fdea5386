import { describe, expect, it } from "vitest";
import { servedVersions, settingsDefaults } from "./settings.ts";

describe("the versions that are served", () => {
  it("are the newest one where nothing is said", () => {
    expect(servedVersions(settingsDefaults.versions, [2, 10, 1])).toEqual([10]);
  });

  it("are as many of the newest as asked for", () => {
    expect(servedVersions({ kind: "latest", count: 2 }, [3, 1, 2])).toEqual([2, 3]);
    expect(servedVersions({ kind: "latest", count: 5 }, [3])).toEqual([3]);
  });

  it("are all of them, in order", () => {
    expect(servedVersions({ kind: "all" }, [3, 20, 1])).toEqual([1, 3, 20]);
  });

  it("are those listed, once each, even one that is not there", () => {
    expect(servedVersions({ kind: "listed", versions: [7, 1, 7] }, [1, 2])).toEqual([1, 7]);
  });

  it("are none where none was found", () => {
    expect(servedVersions({ kind: "latest", count: 1 }, [])).toEqual([]);
  });
});

import type { Alert } from "../alert/alert.ts";
import type { ChangeState } from "./change-watch.ts";
import type { Counts } from "./counters.ts";
import type { SavedHours } from "./hour-archive.ts";
import type { PanesState } from "./panes.ts";
import type { ProducersState } from "./producers.ts";
import type { SlidingState } from "./sliding-window.ts";
import type { WindowReport } from "./window-report.ts";

export type VersionState = {
  readonly version: number;
  readonly digest: string;
  readonly problem: string;
  /** Of the reference and window the panes were made for. */
  readonly made: string;
  readonly panes: PanesState;
  readonly producers: ProducersState;
  readonly counts: Readonly<Counts>;
  /** Absent in what older monitors saved. */
  readonly alerts?: readonly Alert[];
  /** The one that windows are being added to; absent where no hours are kept. */
  readonly hour?: SavedHours | undefined;
  readonly changes?: ChangeState;
};

export type SavedVersion = {
  readonly state: VersionState;
  readonly history: readonly WindowReport[];
  readonly sliding?: SlidingState | undefined;
  readonly pastHours?: SavedHours | undefined;
};

import { pino } from "pino";

export type Fields = Readonly<Record<string, unknown>>;

/** A structured logger: one JSON object a line on standard output. */
export type Log = {
  readonly debug: (message: string, fields?: Fields) => void;
  readonly info: (message: string, fields?: Fields) => void;
  readonly warn: (message: string, fields?: Fields) => void;
  readonly error: (message: string, fields?: Fields) => void;
};

export type LogOptions = {
  /** The process: gateway, worker, monitor. */
  readonly service: string;
  readonly level?: "debug" | "info" | "warn" | "error" | "silent";
  readonly fields?: Fields;
};

/**
 * Opens the process's logger. Writes are synchronous, so that nothing is lost when the process
 * ends. When nobody reads standard output any more, what is logged goes nowhere.
 */
export function openLog(options: LogOptions): Log {
  const settings = {
    level: options.level ?? "info",
    base: { service: options.service, ...options.fields },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    messageKey: "message",
  };
  // An asynchronous destination is flushed when the process ends, and tries that for ever where
  // the reader has gone: the process would never end.
  const logger = pino(settings, pino.destination({ dest: 1, sync: true }));
  return {
    debug: (message, fields = {}) => logger.debug(fields, message),
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
  };
}

/** Says nothing; for tests. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

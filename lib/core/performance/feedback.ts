/** Which prediction a label is for. */
export type FeedbackTarget =
  /** 16 bytes. */
  | { readonly kind: "prediction"; readonly id: Uint8Array }
  /** The id the caller gave the request. */
  | { readonly kind: "request"; readonly id: string }
  | { readonly kind: "token"; readonly token: Uint8Array };

/** What came of one predicted row. */
export type Feedback = {
  readonly target: FeedbackTarget;
  /** Within its request. */
  readonly row: number;
  /** The class, or the true value. */
  readonly label: number | string;
};

/** What a signed token says of a reply. */
export type TokenContent = {
  readonly model: string;
  readonly version: number;
  /** 16 bytes. */
  readonly predictionId: Uint8Array;
  readonly timeUs: number;
  readonly rows: number;
  /** Outputs by name, with a value for each row. */
  readonly outputs: readonly TokenOutput[];
};

export type TokenOutput = {
  readonly name: string;
  readonly values: readonly number[] | readonly string[];
};

/** Of one message, so that a place among them and its sequence make one number. */
export const feedbackPerMessageMax = 16_384;
/** What callers may send at a time. */
export const feedbackPerRequestMax = 10_000;
/** Longer ones are nobody's ids or classes. */
export const feedbackTextMax = 256;
export const tokenRowsMax = 1_000;
export const tokenBytesMax = 65_536;

/** What an attempt failed by, as the log names it. */
export type AttemptError = string

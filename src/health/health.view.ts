export class HealthView {
  /** @example "ok" */
  status: 'ok'
  /**
   * What an operator should mend, although requests can be served.
   * @example ["Secrets of 2 webhooks cannot be opened: check ENCRYPTION_KEYS"]
   */
  warnings?: string[]
}

export class HealthView {
  /** @example "ok" */
  status: 'ok'
}

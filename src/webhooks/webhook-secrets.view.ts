export class SecretView {
  /**
   * Verifies the deliveries.
   * @example "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
   */
  secret: string
  /** Until when the secret before it signs as well; null when it does not. */
  previousUntil: Date | null
}

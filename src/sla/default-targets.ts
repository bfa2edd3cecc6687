import { PRIORITIES, TIERS } from '../emails/email.entity.js'

/** Minutes for high, medium and low priority. */
const MINUTES = { vip: [60, 240, 480], enterprise: [120, 480, 1440], standard: [240, 1440, 2880] } as const

/** What a tenant starts with. */
export const DEFAULT_SETTINGS = TIERS.flatMap((customerTier) =>
  PRIORITIES.map((priority, column) => ({
    customerTier,
    priority,
    targetSeconds: MINUTES[customerTier][column]! * 60,
  })),
)

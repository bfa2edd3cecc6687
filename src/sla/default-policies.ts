import { PRIORITIES, TIERS } from '../emails/email.entity.js'

/** Minutes for high, medium and low priority. */
const MINUTES = { vip: [60, 240, 480], enterprise: [120, 480, 1440], standard: [240, 1440, 2880] } as const
const DEFAULT_MINUTES = 1440

const matrix = TIERS.flatMap((tier) =>
  PRIORITIES.map((priority, column) => ({
    name: `${tier} ${priority}`,
    priorities: [priority],
    customerTiers: [tier],
    replySeconds: MINUTES[tier][column]! * 60,
    isDefault: false,
  })),
)

/** What a tenant starts with, in order: a policy for each tier and priority, and the default for whatever is left. */
export const DEFAULT_POLICIES = [
  ...matrix,
  {
    name: 'Default',
    priorities: null,
    customerTiers: null,
    replySeconds: DEFAULT_MINUTES * 60,
    isDefault: true,
  },
].map((policy, index) => ({ ...policy, position: index + 1 }))

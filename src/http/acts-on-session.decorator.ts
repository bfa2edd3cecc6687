import { SetMetadata } from '@nestjs/common'

export const ACTS_ON_SESSION = 'acts-on-session'

/** What this does, it does to the session that asks: an Idempotency-Key is that session's, and not its person's. */
export const ActsOnSession = () => SetMetadata(ACTS_ON_SESSION, true)

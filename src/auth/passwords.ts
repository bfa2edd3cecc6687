import { hash, verify } from '@node-rs/argon2'

/** Argon2id with the OWASP minimum (19 MiB, 2 passes), which is the package's default, on libuv's thread pool. */
export const hashPassword = (password: string): Promise<string> => hash(password)

/** Made like all others, of a password that nobody knows. */
const DECOY =
  '$argon2id$v=19$m=19456,t=2,p=1$KYZVwkDLxf/kbKQQpCiWpQ$iFpYDmqOkLQ5Rv9Rbt3utKDO3DkuHayli8gqh0WwwQc'

/** Takes as long for an unknown user as for a wrong password, so that time does not tell who exists. */
export async function passwordMatches(kept: string | null, password: string): Promise<boolean> {
  const matches = await verify(kept ?? DECOY, password)
  return matches && kept !== null
}

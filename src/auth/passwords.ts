import { hash, verify } from '@node-rs/argon2'

/** Argon2id with the OWASP minimum (19 MiB, 2 passes), which is the package's default, on libuv's thread pool. */
export const hashPassword = (password: string): Promise<string> => hash(password)

let decoy: Promise<string> | undefined

/** Takes as long for an unknown user as for a wrong password, so that time does not tell who exists. */
export async function passwordMatches(kept: string | null, password: string): Promise<boolean> {
  decoy ??= hash('nobody has this password')
  const matches = await verify(kept ?? (await decoy), password)
  return matches && kept !== null
}

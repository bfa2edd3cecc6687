import { lookup, Resolver } from 'node:dns/promises'
import { Injectable } from '@nestjs/common'
import { isPublicName } from './public-addresses.js'

/** Says which addresses stand behind a name. Tests put their own in its place. */
@Injectable()
export class HostResolver {
  private readonly nameServers = new Resolver({ timeout: 3_000, tries: 2 })

  /**
   * Public names are asked of the name servers, not of getaddrinfo: that one holds one of the process's four threads until
   * an answer comes, so a few names whose servers are silent would stall everyone's lookups and password hashes. It
   * also tries search domains, which turn a stranger's name into one of ours. Private names stand in /etc/hosts.
   *
   * @returns IPv4 before IPv6; none when the name exists without addresses
   * @throws Error with the code of the failed question, such as ENOTFOUND
   */
  async addressesOf(hostname: string): Promise<string[]> {
    if (!isPublicName(hostname)) return (await lookup(hostname, { all: true })).map(({ address }) => address)
    const [v4, v6] = await Promise.allSettled([
      this.nameServers.resolve4(hostname),
      this.nameServers.resolve6(hostname),
    ])
    if (v4.status === 'rejected' && v6.status === 'rejected') throw v4.reason
    return [v4, v6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  }
}

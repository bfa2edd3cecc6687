import { Socket } from 'node:net'
import { vi } from 'vitest'

/** Every socket, plain or TLS, begins with this method: what it was asked to reach is kept. */
export function watchSockets() {
  const connect = vi.spyOn(Socket.prototype, 'connect')
  return {
    /** The ports dialled since the last look. */
    ports: (): number[] => {
      const ports = connect.mock.calls.map(([options]) => portOf(options))
      connect.mockClear()
      return ports
    },
    /** How many of the sockets dialled since the last look are still open on our side. */
    open: (): number => connect.mock.contexts.filter((socket) => !(socket as Socket).destroyed).length,
    stop: () => connect.mockRestore(),
  }
}

/** `net.connect` hands its normalised arguments on as one array. */
function portOf(options: unknown): number {
  const { port } = (Array.isArray(options) ? options[0] : options) as { port: number | string }
  return Number(port)
}

import { RouteConfig } from '@nestjs/platform-fastify'
import type { FastifyContextConfig } from 'fastify'

const SETTINGS = Symbol('settings of a route')

/**
 * Says of a route what must be known before Nest sees its request: Fastify shows it to every hook as
 * `request.routeOptions.config`. At a controller it is said of each of its routes; what stands at a route counts more.
 */
export function RouteSettings(settings: FastifyContextConfig): ClassDecorator & MethodDecorator {
  return (target: object, _name?: string | symbol, descriptor?: PropertyDescriptor) => {
    const routes = descriptor ? [descriptor.value as object] : methodsOf(target as { prototype: object })
    // Decorators of methods run before that of their class.
    for (const route of routes) addTo(route, { ...settings, ...Reflect.getMetadata(SETTINGS, route) })
  }
}

function addTo(route: object, settings: FastifyContextConfig): void {
  Reflect.defineMetadata(SETTINGS, settings, route)
  RouteConfig(settings)(route as never)
}

const methodsOf = ({ prototype }: { prototype: object }): object[] =>
  Object.values(Object.getOwnPropertyDescriptors(prototype))
    .map(({ value }) => value as unknown)
    .filter((value) => typeof value === 'function')

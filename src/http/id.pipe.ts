import { Injectable, Param, Query, type PipeTransform } from '@nestjs/common'
import { notFound } from './problem.js'

/** An identity column's value. Anything else cannot exist, so it is not found. */
@Injectable()
export class IdPipe implements PipeTransform<unknown, number> {
  transform(value: unknown): number {
    if (!/^[1-9]\d{0,14}$/.test(String(value))) throw notFound('id')
    return Number(value)
  }
}

export const IdParam = (name = 'id') => Param(name, IdPipe)
export const IdQuery = (name = 'id') => Query(name, IdPipe)

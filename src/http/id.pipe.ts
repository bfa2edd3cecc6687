import { Injectable, Param, Query, type ArgumentMetadata, type PipeTransform } from '@nestjs/common'
import { invalid, notFound } from './problem.js'

const ID = /^[1-9]\d{0,14}$/

/** An identity column's value. Anything else cannot exist, so it is not found. */
@Injectable()
export class IdPipe implements PipeTransform<unknown, number> {
  transform(value: unknown): number {
    if (!ID.test(String(value))) throw notFound('id')
    return Number(value)
  }
}

/** The same in a query, where it can be missing. */
@Injectable()
export class QueryIdPipe implements PipeTransform<unknown, number> {
  transform(value: unknown, { data }: ArgumentMetadata): number {
    if (value === undefined) throw invalid(data!, 'must say which')
    if (!ID.test(String(value))) throw invalid(data!, 'must be an id')
    return Number(value)
  }
}

export const IdParam = (name = 'id') => Param(name, IdPipe)
export const IdQuery = (name = 'id') => Query(name, QueryIdPipe)

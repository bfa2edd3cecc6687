/** Columns of a tenant's rows in which sealed secrets stand, alone or inside of JSON. */
export interface SealedColumns {
  table: string
  columns: string[]
  /** As `Cipher.seal`. */
  boundTo: (tenantId: string) => string
}

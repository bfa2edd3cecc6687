/** Where class-transformer keeps what `@Type` says; it exports no other way to ask. */
declare module 'class-transformer/cjs/storage.js' {
  export { defaultMetadataStorage } from 'class-transformer/types/storage.js'
}

import type { z } from 'zod'
import type { DoorCall, DoorRefusal } from './door.ts'

/** Reads what a call brings as a schema says it is; fields that the schema does not name are passed over. What is not so is refused in a vendor's words. */
export function schemaReader(refusal: (error: z.ZodError, value: unknown) => DoorRefusal) {
  function valueOf<Schema extends z.ZodType>(value: unknown, schema: Schema): z.output<Schema> {
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    throw refusal(parsed.error, value)
  }
  return {
    valueOf,
    bodyOf: <Schema extends z.ZodType>({ body }: Pick<DoorCall<never>, 'body'>, schema: Schema) =>
      valueOf(body, schema),
    queryOf: <Schema extends z.ZodType>({ query }: Pick<DoorCall<never>, 'query'>, schema: Schema) =>
      valueOf(Object.fromEntries(query), schema),
  }
}

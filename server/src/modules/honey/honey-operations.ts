import { addHoney, listHoney, removeHoney } from './operations/honey-accounts.ts'

export const honeyOperations = [addHoney, listHoney, removeHoney]

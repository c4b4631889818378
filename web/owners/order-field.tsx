import type { OwnerSort } from '../../src/contract/analytics.ts'
import { SelectField } from '../parts/field.tsx'
import { columnNames, type Order, orderOf } from './order.ts'

const options = Object.entries(columnNames).map(([value, name]) => ({ value, name }))

/** Where the screen is too narrow for the columns' names, which are what sorts otherwise. */
export const OrderField = ({
  order,
  onOrder,
}: {
  order: Order
  onOrder: (order: Order) => void
}) => (
  <div class="order-field">
    <SelectField
      label="Sorted by"
      value={order.sort}
      options={options}
      onChange={(sort) => onOrder(orderOf(sort as OwnerSort))}
    />
  </div>
)

import pg from 'pg'

/**
 * A connection whose end does not end the process. A pool listens to errors of connections at rest alone, and BullMQ to none of
 * those that it has taken out: one that Postgres closes between two statements would be an unhandled error. The next
 * statement fails anyway.
 */
export class SurvivingClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config)
    this.on('error', () => {})
  }
}

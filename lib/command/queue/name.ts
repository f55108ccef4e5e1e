/** The name of the queue on the server, as BullMQ's dashboards show it. */
export const QUEUE_NAME = 'conv1d';

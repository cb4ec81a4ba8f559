export { createDeskApi } from './desk-api';

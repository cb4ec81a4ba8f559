export { createAdminApi } from './admin-api';

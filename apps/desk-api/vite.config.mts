import { apiBuild } from '../../vite.api.mjs';

export default apiBuild(import.meta.dirname);

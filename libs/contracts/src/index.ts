export * from './problem';
export * from './fields';
export * from './identity';
export * from './doctor';
export * from './slot';
export * from './booking';
export * from './faults';

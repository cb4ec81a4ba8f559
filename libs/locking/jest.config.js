module.exports = { displayName: 'locking', preset: '../../jest.preset.js' };

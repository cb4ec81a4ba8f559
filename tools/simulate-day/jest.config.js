module.exports = { displayName: 'simulate-day', preset: '../../jest.preset.js' };

module.exports = { displayName: 'booking', preset: '../../jest.preset.js' };

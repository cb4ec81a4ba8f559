module.exports = { displayName: 'capacity-core', preset: '../../jest.preset.js' };

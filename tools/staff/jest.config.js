module.exports = { displayName: 'staff', preset: '../../jest.preset.js' };

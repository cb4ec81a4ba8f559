module.exports = { displayName: 'patient-api', preset: '../../jest.preset.js' };

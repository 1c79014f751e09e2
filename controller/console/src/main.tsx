document.title = 'Ringwave';
